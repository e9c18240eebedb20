const KIB = 1024
const MIB = 1024 * KIB

/** Longest line of a stream, in UTF-16 code units. One line holds a few tokens, so even 1 Mi is a sign of a broken server. */
export const STREAM_LINE_LIMIT = MIB
/** Whole stream of one reply, in bytes; some 20 times the longest answer a model can give. */
export const STREAM_LIMIT_BYTES = 64 * MIB
/** One JSON answer such as a model list, in bytes (OpenRouter's list has about 1 MB). */
export const JSON_LIMIT_BYTES = 8 * MIB
/** The models of one server, in bytes: ten thousand and more. They are parsed in one go. */
export const MODELS_LIMIT_BYTES = 4 * MIB
/** What is read of an error answer, in bytes. */
export const ERROR_LIMIT_BYTES = 64 * KIB
/** What a person gets to see of a provider's own error text, in UTF-16 code units. */
export const ERROR_MESSAGE_LIMIT = 300
/** All lines of one pull, in bytes: Ollama writes some 16 lines a second, and a pull may take a day. */
export const PULL_LIMIT_BYTES = 1024 * MIB
