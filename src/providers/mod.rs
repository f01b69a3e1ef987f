//! Chat words to and from model providers over HTTP.
