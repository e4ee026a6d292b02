#!/usr/bin/env node
// Writes the tables of this folder (countries.tsv, currencies.tsv, currency_tokens.tsv, domains.tsv) anew.
//
//   node src/world/tables.mjs
//
// Countries, names, regions and currency symbols are those of Unicode CLDR, minor units those of ISO 4217, national
// top-level domains in other scripts those of the public suffix list. Needs npm, pip3 and unzip.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SINCE = "2015-01-01"; // a currency given up earlier is in no shop's events
// CLDR's other names, where they are the plainer ones.
const NAME_FORM = { CD: "variant", CG: "variant", HK: "short", MM: "short", MO: "short", PS: "short" };
const KOSOVO = { alpha3: "XKX", numeric: "983" }; // what the EU and the World Bank write; 983 is CLDR's
// The regions of UN M49 by number, as M49 words them; below Latin America and the Caribbean and Sub-Saharan Africa, CLDR
// has M49's intermediate regions alone.
const REGIONS = { "002": "Africa", "009": "Oceania", "019": "Americas", 142: "Asia", 150: "Europe" };
const LATIN_AMERICA = "Latin America and the Caribbean";
const SUB_SAHARAN = "Sub-Saharan Africa";
const SUB_REGIONS = {
    "005": LATIN_AMERICA, "011": SUB_SAHARAN, "013": LATIN_AMERICA, "014": SUB_SAHARAN, "015": "Northern Africa",
    "017": SUB_SAHARAN, "018": SUB_SAHARAN, "021": "Northern America", "029": LATIN_AMERICA, "030": "Eastern Asia",
    "034": "Southern Asia", "035": "South-eastern Asia", "039": "Southern Europe", "053": "Australia and New Zealand",
    "054": "Melanesia", "057": "Micronesia", "061": "Polynesia", 143: "Central Asia", 145: "Western Asia",
    151: "Eastern Europe", 154: "Northern Europe", 155: "Western Europe",
};
const ANY_CURRENCY = "¤";
const NO_CURRENCY = "XXX";
const ANTARCTICA = "AQ"; // of no region in M49
// Minor units of what that edition of ISO 4217 does not have yet, or has no more.
const OTHER_MINOR_UNITS = { BYR: 0, HRK: 2, MRO: 2, SLL: 2, STD: 2, VEF: 2, XCG: 2, ZWL: 2 };

const here = import.meta.dirname;
const work = mkdtempSync(join(tmpdir(), "world-"));
const run = (command, ...args) => execFileSync(command, args, { cwd: work, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const read = (path) => readFileSync(join(work, path), "utf8");
const json = (path) => JSON.parse(read(path));
const pack = (name) => {
    run("mkdir", name);
    run("tar", "xzf", run("npm", "pack", "--silent", name).trim(), "-C", name);
    return `${name}/package`;
};
const write = (name, header, rows) => {
    const lines = rows.map((row) => row.join("\t")).sort();
    writeFileSync(join(here, name), [header.join("\t"), ...lines, ""].join("\n"));
    console.log(`${name}: ${lines.length} rows`);
};

const cldr = pack("cldr-core");
const names = pack("cldr-localenames-full");
const numbers = pack("cldr-numbers-full");
const iso4217 = pack("currency-codes");
const supplemental = (name) => json(`${cldr}/supplemental/${name}.json`).supplemental;
const currencyData = supplemental("currencyData").currencyData;
const symbolsOf = (locale) => json(`${numbers}/main/${locale}/currencies.json`).main[locale].numbers.currencies;

// What a country pays with now or did lately, the present one first, its own before a neighbour's.
function tenders(country) {
    const rank = ({ code, isNow }) => (isNow ? 0 : 2) + (code.startsWith(country) ? 0 : 1);
    return (currencyData.region[country] ?? [])
        .flatMap(Object.entries)
        .filter(([, use]) => use._tender !== "false" && (use._to ?? "9999") >= SINCE)
        .map(([code, use]) => ({ code, isNow: !use._to }))
        .sort((a, b) => rank(a) - rank(b));
}

function writeCountries() {
    const { territoryContainment } = supplemental("territoryContainment");
    const { codeMappings } = supplemental("codeMappings");
    const english = json(`${names}/main/en/territories.json`).main.en.localeDisplayNames.territories;
    const within = (child, candidates) =>
        Object.keys(candidates).find((parent) => territoryContainment[parent]._contains.includes(child));
    const rows = [];
    const members = Object.keys(SUB_REGIONS).flatMap((sub) => territoryContainment[sub]._contains);
    for (const alpha2 of [...members, ANTARCTICA]) {
        const codes = codeMappings[alpha2];
        if (!codes?._numeric) continue; // a part of a country
        const { alpha3, numeric } = alpha2 === "XK" ? KOSOVO : { alpha3: codes._alpha3, numeric: codes._numeric };
        const form = NAME_FORM[alpha2];
        const name = english[form ? `${alpha2}-alt-${form}` : alpha2].replaceAll("’", "'");
        let region = "Antarctica", subRegion = "Antarctica", continent = "Antarctica";
        if (alpha2 !== ANTARCTICA) {
            const sub = within(alpha2, SUB_REGIONS);
            region = REGIONS[within(sub, REGIONS)];
            subRegion = SUB_REGIONS[sub];
            continent = region !== "Americas" ? region : sub === "005" ? "South America" : "North America";
        }
        const currency = tenders(alpha2).find(({ isNow }) => isNow)?.code ?? "";
        rows.push([alpha2, alpha3, numeric.padStart(3, "0"), name, region, subRegion, continent, currency]);
    }
    write("countries.tsv", ["alpha2", "alpha3", "numeric", "name", "region", "sub_region", "continent", "currency"], rows);
    return rows.map(([alpha2]) => alpha2);
}

function writeCurrencies(countries) {
    const english = symbolsOf("en");
    const minorUnits = new Map();
    for (const [, code, units] of read(`${iso4217}/iso-4217-list-one.xml`)
        .matchAll(/<Ccy>(\w+)<\/Ccy>\s*<CcyNbr>\d+<\/CcyNbr>\s*<CcyMnrUnts>(.+?)<\/CcyMnrUnts>/g)) {
        minorUnits.set(code, /^\d$/.test(units) ? units : "");
    }
    for (const { code } of countries.flatMap(tenders)) {
        if (minorUnits.has(code)) continue;
        if (!(code in OTHER_MINOR_UNITS)) throw new Error(`minor units of ${code}?`);
        minorUnits.set(code, OTHER_MINOR_UNITS[code]);
    }
    const rows = [...minorUnits].map(([code, units]) => {
        const entry = english[code] ?? {};
        const symbol = entry["symbol-alt-narrow"] ?? entry.symbol ?? code;
        return [code, entry.displayName ?? code, symbol, units];
    });
    write("currencies.tsv", ["code", "name", "symbol", "minor_units"], rows);
    return new Map(rows.map(([code, , symbol]) => [code, symbol]));
}

// The form in which tokens are compared.
function normal(token) {
    const forms = { "﹩": "$", "￠": "¢", "￡": "£", "￥": "¥", "￦": "₩" };
    return token
        .replace(/[\s\u061C\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g, "")
        .replace(/[\uFF01-\uFF5E]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
        .replace(/[﹩￠￡￥￦]/g, (c) => forms[c])
        .toUpperCase()
        .replace(/\.+$/, "");
}

function writeTokens(countries, symbols) {
    const { likelySubtags } = supplemental("likelySubtags");
    const { effectiveCoverageLevels } = json(`${cldr}/coverageLevels.json`);
    const isModern = (locale) => {
        for (let name = locale; name; name = name.slice(0, Math.max(0, name.lastIndexOf("-"))))
            if (name in effectiveCoverageLevels) return effectiveCoverageLevels[name] === "modern";
        return false;
    };
    const countryOf = (locale) => locale.match(/-([A-Z]{2})\b/)?.[1] ?? likelySubtags[locale]?.slice(-2);
    const tendersOf = new Map(countries.map((country) => [country, tenders(country).map(({ code }) => code)]));

    const codesOf = new Map(); // token -> codes, in any language
    const abroad = new Set(); // tokens that others use too
    const local = new Map(); // token and country -> code
    const saw = (text, code, country) => {
        const token = normal(text);
        if (!token || symbols.has(token) || /[[\]]/.test(token)) return;
        codesOf.set(token, (codesOf.get(token) ?? new Set()).add(code));
        const key = `${token}\t${country}`;
        if (!country) abroad.add(token);
        else if (!local.has(key)) local.set(key, code);
    };
    for (const locale of readdirSync(join(work, numbers, "main")).filter(isModern)) {
        const country = countryOf(locale);
        for (const [code, entry] of Object.entries(symbolsOf(locale))) {
            if (!symbols.has(code) || code === NO_CURRENCY) continue;
            const isTheirs = tendersOf.get(country)?.includes(code);
            for (const kind of ["symbol", "symbol-alt-narrow", "symbol-alt-variant", "symbol-alt-formal"])
                if (entry[kind]) saw(entry[kind], code, isTheirs ? country : undefined);
        }
    }
    for (const [country, codes] of tendersOf) for (const code of codes) saw(symbols.get(code), code, country);
    // `AUD$` and `$AUD`: the code beside a sign that alone says little.
    for (const [code, symbol] of symbols)
        if (/^\p{Sc}$/u.test(symbol) && symbol !== ANY_CURRENCY) for (const both of [code + symbol, symbol + code]) saw(both, code);

    // What means one currency in all languages means it everywhere, but a letter alone, or some that only its
    // own country uses, do so at home.
    codesOf.delete(ANY_CURRENCY);
    const worldwide = new Map();
    for (const [token, [code, another]] of codesOf)
        if (!another && !/^\p{L}$/u.test(token) && (abroad.has(token) || !/^[A-Z.]+$/.test(token))) worldwide.set(token, code);
    const rows = [...worldwide].map(([token, code]) => [token, "", code]);
    for (const [key, code] of local) {
        const [token, country] = key.split("\t");
        if (codesOf.has(token) && worldwide.get(token) !== code) rows.push([token, country, code]);
    }
    write("currency_tokens.tsv", ["token", "country", "code"], rows);
}

function writeDomains(countries) {
    run("pip3", "download", "--no-deps", "--quiet", "--only-binary=:all:", "publicsuffixlist");
    run("sh", "-c", "unzip -q publicsuffixlist*.whl");
    const list = read("publicsuffixlist/public_suffix_list.dat");
    const rows = [...list.matchAll(/^\/\/ (xn--[a-z0-9-]+) .*: ([A-Z]{2})$/gm)]
        .map(([, domain, country]) => [domain, country])
        .filter(([, country]) => countries.includes(country));
    write("domains.tsv", ["domain", "country"], rows);
}

try {
    const countries = writeCountries();
    writeTokens(countries, writeCurrencies(countries));
    writeDomains(countries);
    copyFileSync(join(work, cldr, "LICENSE"), join(here, "LICENSE-CLDR"));
} finally {
    rmSync(work, { recursive: true });
}
