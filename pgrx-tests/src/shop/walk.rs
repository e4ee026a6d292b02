//! From page to page: what a visitor does next, with odds that give the shares a real shop shows.

use super::dice::Dice;

/// What an event is about; its name on the wire is the collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Home,
    Landing,
    Listing,
    ListingSorted,
    ListingRecommended,
    Search,
    View,
    Option,
    Quality,
    Recommended,
    Noticed,
    Clicked,
    AllRecommended,
    Back,
    AddToCart,
    Cart,
    Checkout,
    Success,
    Account,
    Static,
    SizeGuide,
}

use Page::*;

impl Page {
    pub fn collection(self) -> &'static str {
        match self {
            Home => "view_home_page",
            Landing => "view_landing_page",
            Listing => "view_listing_page",
            ListingSorted => "sorting_relevance_click_action",
            ListingRecommended => "listing_page_recommendation_visible",
            Search => "search_box_action",
            View => "view_product_detail",
            Option => "select_product_option",
            Quality => "select_product_option_quality",
            Recommended => "product_detail_recommendation_visible",
            Noticed => "product_detail_recommendation_noticed",
            Clicked => "product_detail_recommendation_clicked",
            AllRecommended => "view_all_recommend",
            Back => "back_to_product_action",
            AddToCart => "add_to_cart_action",
            Cart => "view_shopping_cart",
            Checkout => "checkout",
            Success => "checkout_success",
            Account => "view_my_account",
            Static => "view_static_page",
            // A collection nobody has announced: it is kept.
            SizeGuide => "view_size_guide",
        }
    }

    /// Is it about one product?
    pub fn has_product(self) -> bool {
        matches!(
            self,
            View | Option
                | Quality
                | Recommended
                | Noticed
                | Clicked
                | AllRecommended
                | Back
                | AddToCart
        )
    }

    /// Does it stay on the page before it, rather than load another?
    pub fn stays(self) -> bool {
        matches!(
            self,
            Option
                | Quality
                | Recommended
                | Noticed
                | AddToCart
                | ListingSorted
                | ListingRecommended
        )
    }

    pub fn first(dice: &mut Dice) -> Page {
        draw(
            dice,
            &[
                (Listing, 40),
                (View, 34),
                (Home, 10),
                (Landing, 9),
                (Search, 4),
                (Static, 2),
            ],
        )
        .unwrap_or(Account)
    }

    /// `None`: the visit ends here.
    pub fn next(self, dice: &mut Dice) -> std::option::Option<Page> {
        let odds: &[(Page, u32)] = match self {
            Home => &[
                (Listing, 55),
                (Search, 6),
                (Static, 3),
                (Landing, 2),
                (View, 10),
            ],
            Landing => &[(Listing, 45), (View, 25), (Home, 3)],
            Listing => &[
                (Listing, 27),
                (View, 39),
                (ListingSorted, 2),
                (ListingRecommended, 3),
                (Search, 2),
                (Home, 2),
            ],
            ListingSorted | ListingRecommended => &[(Listing, 40), (View, 35)],
            Search => &[(Listing, 45), (View, 30), (Search, 10)],
            View => &[
                (Option, 43),
                (Listing, 12),
                (View, 9),
                (Recommended, 10),
                (AddToCart, 4),
                (SizeGuide, 1),
            ],
            Option => &[
                (Option, 46),
                (Quality, 9),
                (AddToCart, 10),
                (Listing, 8),
                (View, 12),
            ],
            Quality => &[(Option, 30), (AddToCart, 15), (View, 15)],
            Recommended => &[(Noticed, 45), (Option, 20), (Listing, 15)],
            Noticed => &[(Clicked, 25), (AllRecommended, 5), (Listing, 25)],
            Clicked | AllRecommended => &[(View, 85)],
            SizeGuide => &[(Back, 30), (Option, 40)],
            Back => &[(Option, 40), (View, 30)],
            AddToCart => &[(Cart, 65), (View, 12), (Listing, 16)],
            Cart => &[(Checkout, 45), (Back, 10), (View, 10), (Listing, 10)],
            Checkout => &[(Success, 45), (Cart, 15)],
            Success => &[(Account, 10), (Listing, 10)],
            Account => &[(Home, 20), (Listing, 30), (Account, 10)],
            Static => &[(Home, 20), (Listing, 35), (Static, 10)],
        };
        draw(dice, odds)
    }
}

/// Odds in percent; what they leave is `None`.
fn draw(dice: &mut Dice, odds: &[(Page, u32)]) -> std::option::Option<Page> {
    let mut left = dice.below(100);
    for (page, weight) in odds {
        if left < *weight {
            return Some(*page);
        }
        left -= weight;
    }
    None
}
