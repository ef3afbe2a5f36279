import pytest
from lxml import html

from enrich.claims import claims_of
from enrich.images import LeadImage, lead_image

URL = "https://quai.example.org/actualites/12"
HOST = "https://quai.example.org"


def read(body: str = "", head: str = "") -> LeadImage | None:
    page = f"<html><head>{head}</head><body><main><article>{body}</article></main></body></html>"
    tree = html.fromstring(page)
    return lead_image(tree, URL, claims_of(tree))


def og(path: str) -> str:
    return f'<meta property="og:image" content="{path}">'


def json_ld(image: str) -> str:
    return (
        f'<script type="application/ld+json">{{"@type": "NewsArticle", "image": {image}}}</script>'
    )


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ('"/img/quai.jpg"', "/img/quai.jpg"),
        ('["/img/a.jpg", "/img/b.jpg"]', "/img/a.jpg"),
        ('{"@type": "ImageObject", "url": "/img/quai.jpg"}', "/img/quai.jpg"),
        ('[{"contentUrl": "/img/quai.jpg"}]', "/img/quai.jpg"),
        ('["/img/logo.png", "/img/b.jpg"]', "/img/b.jpg"),
    ],
)
def test_json_ld_names_the_image_in_many_ways(image: str, path: str) -> None:
    found = read(head=json_ld(image) + og("/img/autre.jpg"))
    assert found is not None
    assert (found.url, found.source) == (HOST + path, "json-ld")


def test_json_ld_may_refer_to_an_image_and_tell_its_sides_and_credit() -> None:
    found = read(
        head='<script type="application/ld+json">{"@graph": [{"@type": "Article", "image": '
        '{"@id": "#i"}}, {"@id": "#i", "@type": "ImageObject", "url": "/q.jpg", "width": 1200, '
        '"height": "800px", "creditText": "Ana Reis"}]}</script>'
    )
    assert found is not None
    assert (found.url, found.width, found.height) == (f"{HOST}/q.jpg", 1200, 800)
    assert found.credit == "Ana Reis"


NOT_LEAD = {
    "a logo": "/img/logo-quai.png",
    "a folder of logos": "/logos/quai.png",
    "an avatar": "https://www.gravatar.com/x/y.jpg",
    "a placeholder": "/img/placeholder.jpg",
    "a default": "/img/default.jpg",
    "a share image": "/img/og-image.png",
    "a social image": "/img/social-share.jpg",
    "a pixel": "/img/pixel.gif",
    "a spacer": "/img/spacer.gif",
    "an icon": "/apple-touch-icon.png",
    "a drawing": "/img/quai.svg",
    "data": "data:image/png;base64,AAAA",
    "another scheme": "ftp://quai.example.org/a.jpg",
    "broken": "http://[x/a.jpg",
    "a home page": "https://quai.example.org/",
}


@pytest.mark.parametrize("address", NOT_LEAD.values(), ids=NOT_LEAD.keys())
def test_the_sites_pictures_are_not_the_articles(address: str) -> None:
    assert read(head=og(address)) is None
    assert read(f'<img src="{address}" width="600">') is None


def test_the_folder_default_of_a_cms_says_nothing_of_its_pictures() -> None:
    assert read(head=og("/sites/default/files/quai.jpg")) is not None


CAPTIONS = [
    ("figure", ("<figure>{img}<figcaption>Le quai en mars. <span class='credit'>Ana Reis</span>"
     "</figcaption></figure>"), "Le quai en mars.", "Ana Reis"),
    ("words of credit", ("<figure>{img}<figcaption>Le quai en mars. Photo : Ana Reis</figcaption>"
     "</figure>"), "Le quai en mars", "Ana Reis"),
    ("a sign", "<figure>{img}<figcaption>Le quai en mars © Ana Reis</figcaption></figure>",
     "Le quai en mars", "Ana Reis"),
    ("wordpress", ("<div class='wp-caption aligncenter'>{img}<p class='wp-caption-text'>Le quai</p>"
     "</div>"), "Le quai", None),
    ("spip", ("<dl class='spip_documents'><dt>{img}</dt><dd class='spip_doc_legende'>Le quai</dd>"
     "<dd class='spip_doc_credits'>Ana Reis</dd></dl>"), "Le quai", "Ana Reis"),
    ("nothing", "<p>{img}</p><p>Photo : autre</p>", None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "caption", "credit"), [c[1:] for c in CAPTIONS], ids=[c[0] for c in CAPTIONS]
)
def test_caption_and_credit_are_those_beside_the_picture(
    body: str, caption: str | None, credit: str | None
) -> None:
    image = '<img src="/img/quai-800x600.jpg" alt="Un quai">'
    found = read(body.format(img=image), og("/img/quai.jpg"))
    assert found is not None
    assert (found.url, found.source) == (f"{HOST}/img/quai.jpg", "meta")
    stated = (found.caption and found.caption.rstrip("."), found.alt, found.credit)
    assert stated == (caption and caption.rstrip("."), "Un quai", credit)


def test_without_claims_the_first_picture_of_the_article_leads() -> None:
    found = read(
        '<div class="author-bio"><img src="/ana.jpg"></div><img src="/t.gif" width="1">'
        '<img src="data:image/gif;base64,AA" data-src="/quai.jpg" alt="Un quai" width="640">'
    )
    url = f"{HOST}/quai.jpg"
    assert found == LeadImage(url=url, source="page", alt="Un quai", width=640)


@pytest.mark.parametrize("where", ["nav", "aside", "footer", 'div class="related"'])
def test_pictures_beside_the_article_do_not_lead(where: str) -> None:
    assert read(f'<{where}><img src="/quai.jpg"></{where.partition(" ")[0]}>') is None


def test_hostile_pages_take_linear_time() -> None:
    read("<figure>" * 3000 + '<img src="/quai.jpg">')
    read('<img src="/q.jpg"><figure>' + "<p class='caption'>x " * 5000, og("/q.jpg"))
