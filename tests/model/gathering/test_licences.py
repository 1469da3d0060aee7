"""Licences are read from all that sources write, and none is ever taken for freer than it is."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.gathering.licences import REUSABLE, Licence, licence_of

# What Creative Commons' licences demand, code by code.
_DEMANDS = {
    Licence.CC0: set(),
    Licence.PDM: set(),
    Licence.BY: {"by"},
    Licence.BY_SA: {"by", "sa"},
    Licence.BY_ND: {"by", "nd"},
    Licence.BY_NC: {"by", "nc"},
    Licence.BY_NC_SA: {"by", "nc", "sa"},
    Licence.BY_NC_ND: {"by", "nc", "nd"},
}
_CODES = [licence for licence in _DEMANDS if licence not in (Licence.CC0, Licence.PDM)]


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        # Openverse's codes
        ("by", Licence.BY),
        ("by-nc-nd", Licence.BY_NC_ND),
        ("cc0", Licence.CC0),
        ("pdm", Licence.PDM),
        ("sampling+", Licence.OTHER),
        # Commons: LicenseShortName, License and LicenseUrl
        ("CC BY-SA 4.0", Licence.BY_SA),
        ("CC BY-SA 3.0 de", Licence.BY_SA),
        ("CC BY-SA 2.5,2.0,1.0", Licence.BY_SA),
        ("cc-by-sa-4.0", Licence.BY_SA),
        ("CC0", Licence.CC0),
        ("pd", Licence.PDM),
        ("Public domain", Licence.PDM),
        ("PD-USGov", Licence.PDM),
        ("GFDL", Licence.OTHER),
        ("GFDL 1.2", Licence.OTHER),
        ("Attribution", Licence.OTHER),  # a template of its own: not Creative Commons'
        ("FAL", Licence.OTHER),
        ("CC BY-SA 3.0, GFDL", Licence.BY_SA),  # the taker chooses
        ("Creative Commons Attribution-Share Alike 4.0", Licence.BY_SA),
        ("https://creativecommons.org/licenses/by-sa/4.0", Licence.BY_SA),
        # iNaturalist
        ("cc-by-nc", Licence.BY_NC),
        ("CC-BY-NC-SA", Licence.BY_NC_SA),
        (None, Licence.UNKNOWN),
        ("(c) birdnerd1, all rights reserved", Licence.UNKNOWN),
        ("(c) gailhampshire, some rights reserved (CC BY)", Licence.BY),
        # GBIF: records and media
        ("http://creativecommons.org/licenses/by-nc/4.0/legalcode", Licence.BY_NC),
        ("https://creativecommons.org/licenses/by/4.0/legalcode", Licence.BY),
        ("http://creativecommons.org/publicdomain/zero/1.0/", Licence.CC0),
        ("https://creativecommons.org/publicdomain/mark/1.0/", Licence.PDM),
        ("CC_BY_NC_4_0", Licence.BY_NC),
        ("CC_BY_4_0", Licence.BY),
        ("CC0_1_0", Licence.CC0),
        ("UNSPECIFIED", Licence.UNKNOWN),
        ("UNSUPPORTED", Licence.UNKNOWN),
        ("© Natural History Museum 2019", Licence.UNKNOWN),
        ("All rights reserved", Licence.UNKNOWN),
        ("Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)", Licence.BY_NC),
        ("Creative Commons Attribution Non Commercial (CC-BY-NC) 4.0 License", Licence.BY_NC),
        ("CC\u2010BY\u2013NC", Licence.BY_NC),  # dashes of typographers
        ("No rights reserved", Licence.CC0),
        ("Creative Commons Zero", Licence.CC0),
        ("Creative Commons", Licence.OTHER),  # which?
        ("http://creativecommons.org/licenses/nc-sa/1.0/", Licence.OTHER),
        ("http://creativecommons.org/licenses/sampling+/1.0/ or CC BY 4.0", Licence.OTHER),
        ("http://rightsstatements.org/vocab/InC/1.0/", Licence.UNKNOWN),
        ("", Licence.UNKNOWN),
        ("   ", Licence.UNKNOWN),
        ("none", Licence.UNKNOWN),
        # What is no licence though it looks like one
        ("Photo by Ana", Licence.OTHER),
        ("not in the public domain", Licence.OTHER),
        ("non-public domain", Licence.OTHER),
        ("accby", Licence.OTHER),
        ("CC BYTES", Licence.OTHER),
        # Whatever is said twice counts as the stricter
        ("CC BY 2.0 or CC BY-NC 2.0", Licence.BY_NC),
        ("CC0, CC BY 4.0", Licence.BY),
        ("https://creativecommons.org/licenses/by/4.0/ (for non-commercial use: CC BY-NC)", Licence.BY_NC),
        ("CC BY 4.0. All rights reserved.", Licence.UNKNOWN),
        # Whatever it asks for beside its code counts too
        ("CC BY-NonCommercial 4.0", Licence.BY_NC),
        ("CC BY Non-Commercial ShareAlike", Licence.BY_NC_SA),
        ("CC BY NoDerivs", Licence.BY_ND),
        ("CC BY/NC", Licence.BY_NC),
        ("CC BY (NC)", Licence.BY_NC),
        ("CC-BY, NC", Licence.BY_NC),
        ("CC BY 4.0 NC ND", Licence.BY_NC_ND),
        ("CC0, non-commercial use only", Licence.BY_NC),
        ("Public domain (not for commercial use)", Licence.BY_NC),
        ("Creative Commons Attribution 4.0, no commercial use", Licence.BY_NC),
    ],
)
def test_what_sources_write(text: str | None, licence: Licence) -> None:
    assert licence_of(text) is licence


@given(
    st.sampled_from(_CODES),
    st.sampled_from(
        [
            "{}",
            "cc-{}",
            "CC {}",
            "cc_{}",
            "CC-{} 4.0",
            "CC {} 2.5 SE",
            "(c) somebody, some rights reserved (CC {})",
            "https://creativecommons.org/licenses/{}/3.0/",
            "//creativecommons.org/licenses/{}/3.0/deed.de",
            "Licence: CC {}, see below",
        ]
    ),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.sampled_from(["-", "_", " ", "\u2011"]),
)
def test_every_code_in_every_spelling(licence: Licence, spelling: str, case: Callable[[str], str], dash: str) -> None:
    code = licence.value if "org" in spelling else licence.value.replace("-", dash)
    assert licence_of(case(spelling.format(code))) is licence


@given(st.lists(st.sampled_from(list(_DEMANDS)), min_size=1, max_size=4), st.sampled_from([", ", " / ", " or ", "; "]))
def test_several_at_once_are_never_freer_than_one_of_them(licences: list[Licence], between: str) -> None:
    names = {Licence.CC0: "CC0 1.0", Licence.PDM: "Public domain"}
    read = licence_of(between.join(names.get(licence, f"CC {licence.value.upper()} 4.0") for licence in licences))
    for licence in licences:
        # Where nothing may be changed, sharing alike means nothing more.
        assert _DEMANDS[read] >= _DEMANDS[licence] - ({"sa"} if "nd" in _DEMANDS[read] else set())


@given(st.text())
def test_any_text_has_a_licence_and_without_its_words_no_free_one(text: str) -> None:
    licence = licence_of(text)
    said = text.casefold()
    # Each free licence is told by one of these.
    if not any(word in said for word in ("by", "cc", "creative", "pd", "domain", "reserved")):
        assert licence not in REUSABLE


@given(st.sampled_from(list(_DEMANDS)), st.text(), st.text())
def test_no_words_around_it_make_a_licence_freer(licence: Licence, before: str, after: str) -> None:
    name = {Licence.CC0: "CC0", Licence.PDM: "public domain"}.get(licence, f"CC {licence.value}")
    read = licence_of(f"{before} {name} {after}")
    if read in _DEMANDS:
        assert _DEMANDS[read] >= _DEMANDS[licence] - ({"sa"} if "nd" in _DEMANDS[read] else set())


def test_reusable_are_those_that_demand_neither_no_money_nor_no_change() -> None:
    free = {licence for licence, demands in _DEMANDS.items() if not demands & {"nc", "nd"}}
    assert free | {Licence.FREE} == REUSABLE
