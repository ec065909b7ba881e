"""ebXML RegRep 3.0 as IHE XDS uses it: document entries, submission sets, registry errors."""
