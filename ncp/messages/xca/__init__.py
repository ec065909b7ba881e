"""ITI-38 and ITI-39, Cross Gateway Query and Retrieve: which documents, and the documents."""

from ncp.messages.xca.querying import (
    QueryRequest,
    QueryResponse,
    query,
    query_response,
    read_query,
    read_query_response,
)
from ncp.messages.xca.retrieving import (
    Retrieved,
    RetrieveRequest,
    RetrieveResponse,
    read_retrieve,
    read_retrieve_response,
    retrieve,
    retrieve_response,
)

__all__ = [
    "QueryRequest",
    "QueryResponse",
    "RetrieveRequest",
    "RetrieveResponse",
    "Retrieved",
    "query",
    "query_response",
    "read_query",
    "read_query_response",
    "read_retrieve",
    "read_retrieve_response",
    "retrieve",
    "retrieve_response",
]
