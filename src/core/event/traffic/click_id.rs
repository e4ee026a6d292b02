//! Click ids: what an advertising network adds to the address of a page.

/// Whose click id a URL has. Of several the first in this order counts: paid search before all else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClickId {
    /// Google Ads.
    Gclid,
    /// Google Ads, from an app to the web where tracking is limited.
    Gbraid,
    /// Google Ads, from the web where tracking is limited.
    Wbraid,
    /// Microsoft Advertising.
    Msclkid,
    /// Campaign Manager and Display & Video 360.
    Dclid,
    /// Meta.
    Fbclid,
    /// TikTok.
    Ttclid,
    /// X.
    Twclid,
    /// LinkedIn.
    LiFatId,
    /// Pinterest.
    Epik,
    /// Snapchat.
    Sccid,
    /// Reddit.
    RdtCid,
    /// Yandex Direct.
    Yclid,
    /// Awin.
    Awc,
    /// Impact.
    Irclickid,
    #[default]
    None,
}

impl ClickId {
    pub const ALL: [ClickId; 15] = [
        ClickId::Gclid,
        ClickId::Gbraid,
        ClickId::Wbraid,
        ClickId::Msclkid,
        ClickId::Dclid,
        ClickId::Fbclid,
        ClickId::Ttclid,
        ClickId::Twclid,
        ClickId::LiFatId,
        ClickId::Epik,
        ClickId::Sccid,
        ClickId::RdtCid,
        ClickId::Yclid,
        ClickId::Awc,
        ClickId::Irclickid,
    ];

    /// The parameter's name in lower case; empty for none.
    pub const fn name(self) -> &'static str {
        match self {
            ClickId::Gclid => "gclid",
            ClickId::Gbraid => "gbraid",
            ClickId::Wbraid => "wbraid",
            ClickId::Msclkid => "msclkid",
            ClickId::Dclid => "dclid",
            ClickId::Fbclid => "fbclid",
            ClickId::Ttclid => "ttclid",
            ClickId::Twclid => "twclid",
            ClickId::LiFatId => "li_fat_id",
            ClickId::Epik => "epik",
            ClickId::Sccid => "sccid",
            ClickId::RdtCid => "rdt_cid",
            ClickId::Yclid => "yclid",
            ClickId::Awc => "awc",
            ClickId::Irclickid => "irclickid",
            ClickId::None => "",
        }
    }

    /// Source and medium, where the id alone proves a paid click. Other networks mark unpaid links alike
    /// (`fbclid`) or do not say where the advertisement stood (`dclid`).
    pub fn origin(self) -> Option<(&'static str, &'static str)> {
        match self {
            ClickId::Gclid | ClickId::Gbraid | ClickId::Wbraid => Some(("google", "cpc")),
            ClickId::Msclkid => Some(("bing", "cpc")),
            _ => None,
        }
    }
}
