"""A page as PDF for archives and for everybody: PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1).

The tags come from the HTML; the print rules of the page decide what stands on paper. The same page
gives the same bytes.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Any

import data
from data.errors import EnvironmentProblem, Problem

_FONTS = (("DejaVuSans.ttf", "normal"), ("DejaVuSans-Bold.ttf", "bold"))
_FACE = "@font-face{{font-family:Page;font-weight:{weight};src:url({url})}}"
_BODY = "body,code{font-family:Page!important}"

# PDF/A allows a property outside its own schemas only with a description beside it, and PDF/UA-1
# is known by such a property (ISO 14289-1, 5; ISO 19005-2, 6.6.2.3).
_UNIVERSAL = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file follows</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
_END = b"</rdf:RDF>"


def check() -> None:
    """Raise an error early when PDF cannot be written here.

    Raises:
        EnvironmentProblem: WeasyPrint (extra ``pdf``) or the Pango library is missing.
    """
    _library()


def render(html: str) -> bytes:
    """Return a page as PDF/A-2a and PDF/UA-1.

    Args:
        html: a page of this product; nothing that it names is fetched.

    Raises:
        EnvironmentProblem: WeasyPrint (extra ``pdf``) or the Pango library is missing.
    """
    library = _library()
    fonts = {name: data.path("fonts") / name for name, _ in _FONTS}
    allowed = {path.as_uri() for path in fonts.values()}
    faces = "".join(_FACE.format(weight=weight, url=fonts[name].as_uri())
                    for name, weight in _FONTS)  # fmt: skip
    fetcher = _fetcher(library, allowed)
    style = library.CSS(string=faces + _BODY, url_fetcher=fetcher)
    document = library.HTML(string=html, url_fetcher=fetcher).render(
        stylesheets=[style], pdf_variant="pdf/a-2a"
    )
    document.metadata.generate_rdf_metadata = _universal(document.metadata.generate_rdf_metadata)
    written: bytes = document.write_pdf(pdf_variant="pdf/a-2a")
    return written


def _library() -> Any:
    """Return WeasyPrint; it loads Pango from the system when it is imported."""
    try:
        weasyprint = importlib.import_module("weasyprint")
    except ImportError:
        raise EnvironmentProblem(
            Problem("PDF needs WeasyPrint, which is not installed", "--pdf",
                    remedy="pip install 'ehds-norge[pdf]', or print the page from a browser")
        ) from None  # fmt: skip
    except OSError as error:
        raise EnvironmentProblem(
            Problem(f"PDF needs the Pango library: {str(error).splitlines()[0]}", "--pdf",
                    remedy="install Pango (Debian: libpango-1.0-0 libpangoft2-1.0-0 "
                           "libharfbuzz-subset0), or print the page from a browser")
        ) from None  # fmt: skip
    # What CSS for screens it does not know (shadows, say) it tells in a log; nobody has to act.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint


def _fetcher(library: Any, allowed: set[str]) -> Any:
    """Return a fetcher that opens the product's own fonts and nothing else."""

    class OwnFonts(library.urls.URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in allowed:
                raise ValueError(f"a page fetches nothing: {url}")
            return super().fetch(url, headers)

    return OwnFonts()


def _universal(plain: Callable[..., bytes]) -> Callable[..., bytes]:
    """Return a maker of metadata that names PDF/UA-1 beside PDF/A-2a."""

    def generate(*args: Any) -> bytes:
        made = plain(*args)
        head, end, tail = made.rpartition(_END)
        return head + _UNIVERSAL + end + tail

    return generate
