//! Neutral chat words: the OpenAI-shaped request, messages, chunks, usage and errors.
