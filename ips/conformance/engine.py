"""Judges a FHIR resource: the public entry of the conformance engine."""

from __future__ import annotations

import threading
from typing import Any

from data.errors import InputError, Problem
from data.results import Report
from ips.conformance import document as document_rules
from ips.conformance.context import Document, Findings, Place
from ips.conformance.fast import Fast
from ips.conformance.model import Json, ProfilePackage, shipped
from ips.conformance.obligations import with_obligations
from ips.conformance.walk import Walker

IPS_BUNDLE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"
EPS_BUNDLE = "http://hl7.eu/fhir/eps/StructureDefinition/bundle-eu-eps"
ALIASES = {"ips": IPS_BUNDLE, "eps": EPS_BUNDLE}
PATIENT_SUMMARY = "60591-5"


_lock = threading.Lock()
"""The quick checks look at one document at a time."""


def check_bundle(
    resource: Json, profile: str | None = None, package: ProfilePackage | None = None
) -> Report:
    """Judge a FHIR R4 resource, document or not, without network.

    Args:
        resource: a Bundle or any other resource, as `read_document` gives it.
        profile: canonical to judge by, or ``ips`` or ``eps``; without it the resource's own
            meta.profile decides, and for a document the type of its Composition.
        package: other tables than those shipped (`ProfilePackage.with_package`).

    Returns:
        A report with a result for everything that breaks a rule or could not be judged, and one
        that says what was judged. Implements IPS 2.0.0, EPS 1.0.0, MPD 1.0.0 and FHIR R4.

    Raises:
        InputError: not a resource, or a profile that is not at hand.
    """
    package = package or shipped()
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise InputError(
            Problem(
                "this is not a FHIR resource",
                "resourceType",
                rule="FHIR R4: every resource names its type",
                remedy="give a Bundle or another FHIR R4 resource",
            )
        )
    wanted = chosen_profiles(resource, profile, package)
    found = walk(resource, wanted, package)
    return with_obligations(
        found.results,
        subject=str(resource.get("id", "")),
        extra={
            "resourceType": resource["resourceType"],
            "profiles": list(wanted or claimed_profiles(resource, package))
            or [f"FHIR R4 {resource['resourceType']}"],
            "packages": [f"{p['name']}#{p['version']}" for p in package.packages],
            "valid": found.errors == 0,
        },
    )


def walk(
    resource: Json, profiles: tuple[str, ...], package: ProfilePackage, quick: bool = True
) -> Findings:
    """Judge a resource by profiles.

    Args:
        resource: any resource.
        profiles: canonicals that are at hand.
        package: the tables.
        quick: pass over what is clean at a glance; without it everything is walked, with the
            same findings (a test holds the two against each other).
    """
    found = Findings()
    document = Document.of(resource, package)
    place = Place(str(resource["resourceType"]), resource, resource)
    try:
        with _lock:
            if quick and "fast" not in package.cache:
                package.cache["fast"] = Fast()
            fast = package.cache["fast"] if quick else None
            walker = Walker(document, found, fast)
            if fast is not None:
                fast.bind(walker)
            walker.resource(resource, place, profiles)
        document_rules.check(document, found)
        document_rules.narratives(document, found)
    except RecursionError:
        raise InputError(
            Problem(
                "the resource is nested too deep",
                str(resource["resourceType"]),
                remedy="this is no FHIR document; read it with read_document, which has a limit",
            )
        ) from None
    return found


def chosen_profiles(
    resource: Json, profile: str | None, package: ProfilePackage
) -> tuple[str, ...]:
    """Return the profiles to judge by: the given one, else those claimed, else the document's."""
    if profile is not None:
        canonical = ALIASES.get(profile.lower(), profile)
        if package.definition(canonical) is None:
            raise InputError(
                Problem(
                    f"the profile {canonical} is not at hand",
                    "profile",
                    remedy="use ips, eps, a canonical of the shipped guides, or --profile-package",
                )
            )
        return (canonical,)
    if claimed_profiles(resource, package) or resource["resourceType"] != "Bundle":
        return ()  # the walker judges every resource by what it claims itself
    return by_composition(resource)


def claimed_profiles(resource: Json, package: ProfilePackage) -> tuple[str, ...]:
    """Return the profiles that a resource claims and that are at hand."""
    meta = resource.get("meta")
    claimed = meta.get("profile") if isinstance(meta, dict) else None
    return tuple(
        url
        for url in (claimed if isinstance(claimed, list) else ())
        if isinstance(url, str) and package.definition(url) is not None
    )


def by_composition(bundle: Json) -> tuple[str, ...]:
    """Return the profile of a document that claims none: a patient summary is judged as IPS."""
    entries = bundle.get("entry")
    first = entries[0] if isinstance(entries, list) and entries else None
    composition: Any = first.get("resource") if isinstance(first, dict) else None
    if not isinstance(composition, dict) or composition.get("resourceType") != "Composition":
        return ()
    claims = str(composition.get("meta", ""))
    if "hl7.eu/fhir/eps" in claims:
        return (EPS_BUNDLE,)
    kind = composition.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    listed = codings if isinstance(codings, list) else ()
    codes = [c.get("code") for c in listed if isinstance(c, dict)]
    return (IPS_BUNDLE,) if PATIENT_SUMMARY in codes else ()
