import pytest

from enrich.charset import decode

FRENCH = "À l’été, les élèves dénoncent « l’exclusion » : 12 € par tête."


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (FRENCH.encode(), None),
        (FRENCH.encode(), "text/html; charset=iso-8859-1"),
        (FRENCH.encode("utf-8-sig"), "text/html; charset=windows-1251"),
        (FRENCH.encode("cp1252"), None),
        (FRENCH.encode("cp1252"), "text/html; charset=utf-8"),
        (FRENCH.encode("cp1252"), "text/html; charset=ISO-8859-1"),
        (b'<meta charset="utf-8">' + FRENCH.encode("cp1252"), None),
        (b"\xff\xfe" + FRENCH.encode("utf-16-le"), None),
    ],
    ids=["utf-8", "utf-8 called latin-1", "byte order mark", "undeclared cp1252",
         "cp1252 called utf-8", "cp1252 called latin-1", "cp1252 with a utf-8 meta", "utf-16"],
)  # fmt: skip
def test_french_is_read_whatever_is_declared(body: bytes, content_type: str | None) -> None:
    assert decode(body, content_type)[0].endswith(FRENCH)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Переселенці отримали допомогу", "windows-1251"),
        ("Πρόσφυγες στα νησιά", "iso-8859-7"),
        ("難民支援の現場から", "shift_jis"),
        ("مأوى للاجئين", "windows-1256"),
    ],
)
def test_a_declared_encoding_that_fits_is_used(text: str, encoding: str) -> None:
    page = f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}">{text}'
    assert decode(page.encode(encoding))[0] == page
    assert decode(text.encode(encoding), f"text/html; charset={encoding}")[0] == text


UKRAINIAN = "Переселенці отримали допомогу від громади."


@pytest.mark.parametrize(
    ("body", "language"),
    [
        (b'<html lang="uk">' + UKRAINIAN.encode("cp1251"), None),
        (b"<html>" + UKRAINIAN.encode("cp1251"), "uk"),
        (b"<html>" + UKRAINIAN.encode("cp1251"), "uk-UA"),
        (b"<html lang='uk-UA' dir=ltr>" + UKRAINIAN.encode("cp1251"), "fr"),
    ],
    ids=["html lang", "the feed's language", "with a region", "html lang before the feed's"],
)
def test_an_undeclared_encoding_is_the_usual_one_of_the_language(
    body: bytes, language: str | None
) -> None:
    assert decode(body, "text/html", language)[0].endswith(UKRAINIAN)


def test_one_broken_character_does_not_mangle_a_utf8_page() -> None:
    body = FRENCH.encode() * 20 + b"\xf0\x9f"
    text, encoding = decode(body)
    assert (text.count(FRENCH), encoding) == (20, "utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "x-unknown",
        "",
        "utf-8;;",
        "\u00e9",
        "undefined",
        "hex",
        "base64",
        "rot13",
        "unicode_escape",
        "idna",
    ],
)
def test_an_encoding_nobody_knows_is_ignored(name: str) -> None:
    assert decode(FRENCH.encode("cp1252"), f"text/html; charset={name}")[0] == FRENCH


def test_any_bytes_give_some_text() -> None:
    assert isinstance(decode(bytes(range(256)) * 4)[0], str)
