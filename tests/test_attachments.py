import pytest
from lxml import html

from enrich.attachments import Attachment, attachments_of

URL = "https://quai.example.org/actualites/12"
PDF, HOST = "application/pdf", "https://quai.example.org"


def read(body: str) -> tuple[Attachment, ...]:
    page = f"<html><body><main><article>{body}</article></main></body></html>"
    return attachments_of(html.fromstring(page), URL)


FOUND = [
    ("plain", '<p><a href="/r/rapport.pdf">Rapport annuel</a></p>', "/r/rapport.pdf",
     "Rapport annuel", None),
    ("spip", ('<dl class="spip_documents"><dt><a href="IMG/pdf/rapport.pdf" type="application/pdf">'
     '<img src="v.png" alt="PDF"></a></dt><dt class="spip_doc_titre">Rapport</dt>'
     "<dd>PDF - 1.2 Mo</dd></dl>"), "/actualites/IMG/pdf/rapport.pdf", "Rapport", 1_200_000),
    ("spip 4", ('<ul><li class="item"><a href="/rapport.pdf" class="spip_doc_lien" '
     'type="application/pdf">Rapport de mars</a> <small>(PDF - 350 ko)</small></li></ul>'),
     "/rapport.pdf", "Rapport de mars", 350_000),
    ("drupal", ('<span class="file file--mime-application-pdf file--application-pdf">'
     '<a href="/sites/default/files/avis.pdf" type="application/pdf; length=3">Avis 12</a></span>'
     " <span>(2,4 MB)</span>"), "/sites/default/files/avis.pdf", "Avis 12", 2_400_000),
    ("wordpress", ('<div class="wp-block-file"><a href="/wp-content/uploads/bilan.pdf">Bilan 2025'
     '</a><a href="/wp-content/uploads/bilan.pdf" class="wp-block-file__button" download>'
     "Télécharger</a></div>"), "/wp-content/uploads/bilan.pdf", "Bilan 2025", None),
    ("joomla", '<a class="phocadownload-pdf" href="/component/phocadownload/get/12">Guide PDF</a>',
     "/component/phocadownload/get/12", "Guide PDF", None),
    ("size in the label", '<a href="/a.pdf">Rapport (PDF, 350 kB)</a>', "/a.pdf", "Rapport",
     350_000),
    ("size with a comma", '<p><a href="/a.docx">Formulaire</a> (1,5 Mo)</p>', "/a.docx",
     "Formulaire", 1_500_000),
    ("query", '<a href="/voir.php?file=rapports/plan.pdf">Plan</a>',
     "/voir.php?file=rapports/plan.pdf", "Plan", None),
    ("version", '<a href="/a.pdf?v=2#page=3">Annexe</a>', "/a.pdf?v=2#page=3", "Annexe", None),
    ("capitals", '<a href="/A.PDF">Annexe</a>', "/A.PDF", "Annexe", None),
    ("by its name", '<h2>Le bilan</h2><a href="/bilan-2025.pdf">Télécharger (PDF)</a>',
     "/bilan-2025.pdf", "bilan-2025.pdf", None),
    ("by its heading", ('<div><h2>Le bilan</h2></div><h3>Annexes</h3><p><a href="/12.pdf">'
     "Download</a></p>"), "/12.pdf", "Annexes", None),
    ("after a verb", '<a href="/a.pdf">Télécharger : le rapport</a>', "/a.pdf", "le rapport", None),
    ("object", '<object data="/a/plan.pdf" type="application/pdf"></object>', "/a/plan.pdf",
     "plan.pdf", None),
    ("embed", '<embed src="/a/plan.pdf">', "/a/plan.pdf", "plan.pdf", None),
    ("viewer", '<iframe src="/pdfjs/web/viewer.html?file=%2Fdocs%2Fplan.pdf"></iframe>',
     "/docs/plan.pdf", "plan.pdf", None),
    ("sheet", '<a href="/chiffres.xlsx">Les chiffres</a>', "/chiffres.xlsx", "Les chiffres", None),
    ("arabic", '<p><a href="/t.pdf">تقرير</a> (2 ميغابايت)</p>', "/t.pdf", "تقرير", 2_000_000),
    ("type only", '<a href="/doc/12" type="application/pdf">Le plan</a>', "/doc/12", "Le plan",
     None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "path", "label", "size"), [f[1:] for f in FOUND], ids=[f[0] for f in FOUND]
)
def test_a_document_is_found_with_its_label_and_size(
    body: str, path: str, label: str, size: int | None
) -> None:
    found = read(body)
    assert [(one.url, one.label) for one in found] == [(HOST + path, label)]
    if size:
        assert found[0].size == size


NONE = {
    "a page": '<a href="/rapport">Rapport</a>',
    "a page of documents": '<a href="/documents/">Documents</a>',
    "a picture to download": '<a href="/photo.jpg" class="download">Photo</a>',
    "a page about a format": '<a href="/le-format-pdf">Le PDF</a>',
    "a download page": '<a class="download" href="/download">Download our app</a>',
    "a script": "<a href=\"javascript:open('x.pdf')\">x</a>",
    "a mail": '<a href="mailto:a.pdf@quai.example.org">x</a>',
    "an anchor": '<a href="#a.pdf">x</a>',
    "no address": "<a download>x</a>",
    "a broken address": '<a href="http://[x/a.pdf">x</a>',
    "another scheme": '<a href="ftp://quai.example.org/a.pdf">x</a>',
    "navigation": '<nav><a href="/a.pdf">Statuts</a></nav>',
    "a footer": '<footer><a href="/a.pdf">Statuts</a></footer>',
    "an aside": '<aside><a href="/a.pdf">Statuts</a></aside>',
    "a menu": '<ul class="main-menu"><li><a href="/a.pdf">Statuts</a></li></ul>',
    "a widget": '<div id="text-2" class="widget"><a href="/a.pdf">Statuts</a></div>',
    "a privacy policy": '<p><a href="/a.pdf">Politique de confidentialité</a></p>',
    "a policy by its name": '<p><a href="/privacy-policy.pdf">ici</a></p>',
    "an advertisement": '<div class="td-a-rec"><a href="/a.pdf"><img alt="x"></a></div>',
    "a frame": '<iframe src="https://video.test/embed/12"></iframe>',
}


@pytest.mark.parametrize("body", NONE.values(), ids=NONE.keys())
def test_what_is_no_document_of_the_article_is_left_out(body: str) -> None:
    assert read(body) == ()


def test_media_types_are_named() -> None:
    types = [one.media_type for one in read('<a href="/a.pdf">A</a><a href="/b.odt">B</a>')]
    assert types == [PDF, "application/vnd.oasis.opendocument.text"]


def test_a_document_linked_twice_is_one_and_has_the_label_that_says_more() -> None:
    found = read('<a href="/r-1.pdf"><img src="c.png"></a><p><a href="/r-1.pdf">Le rapport</a></p>')
    assert [one.label for one in found] == ["Le rapport"]


def test_the_size_of_a_paragraph_is_not_that_of_each_of_its_links() -> None:
    found = read('<p><a href="/a.pdf">A un</a>, <a href="/b.pdf">B deux</a> (3 Mo)</p>')
    assert [one.size for one in found] == [None, 3_000_000]


def test_hostile_pages_take_linear_time() -> None:
    assert len(read('<a href="/a.pdf">x' * 5000)) == 1
    read("<div>" * 2000 + '<a href="/1.pdf">PDF</a>' + "</div>" * 2000)
    read('<p><a href="/1.pdf">' + "download " * 50_000 + "</a></p>")


def test_files_in_the_foot_of_an_article_that_is_named_for_them_are_its_own() -> None:
    link = '<a href="/r/rapport.pdf">Rapport annuel</a>'
    own = f'<footer><div class="liste documents">{link}</div></footer>'
    related = f'<div class="news-related news-related-files">{link}</div>'
    assert len(read(own)) == len(read(related)) == 1
    assert read(f"<footer><div>{link}</div></footer>") == ()
    assert read(f'<div class="news-related">{link}</div>') == ()


def test_a_size_at_the_end_of_a_label_is_no_part_of_it() -> None:
    (found,) = read('<a href="/r/rapport.pdf">Jaarverslag 2025 <span>3,2 MB</span></a>')
    assert (found.label, found.size) == ("Jaarverslag 2025", 3_200_000)
