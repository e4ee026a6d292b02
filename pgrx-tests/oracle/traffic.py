"""Where a session comes from: its first event's link, own attributes, click id or referrer."""

from urllib.parse import parse_qsl


def parameters(url):
    """The parameters of a URL, the first of a name, names in lower case."""
    query = (url or "").split("#")[0].partition("?")[2]
    found = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if value.strip():
            found.setdefault(name.lower(), value.strip())
    return found


def source_of(url, utm_source, utm_medium, site):
    """source, medium, campaign. `site` = what is known of the referrer: None, or (is_internal, kind, source, domain)."""
    said = parameters(url)
    campaign = said.get("utm_campaign", "")
    pairs = [(said.get("utm_source"), said.get("utm_medium")), (utm_source, utm_medium)]
    for source, medium in pairs:
        if source or medium:
            return (source or "(not set)").strip().lower(), (medium or "(not set)").strip().lower(), campaign
    if "gclid" in said:
        return "google", "cpc", campaign
    if "msclkid" in said:
        return "bing", "cpc", campaign
    if site is None or site[0] or not site[3]:
        return "(direct)", "(none)", campaign
    _, kind, source, domain = site
    if kind == "search":
        return source, "organic", campaign
    return domain, "ai-assistant" if kind == "ai_assistant" else "referral", campaign
