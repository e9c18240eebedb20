import { UpstreamError } from '../upstream-error.ts'

const protocolError = (message: string) => new UpstreamError('protocol', message)

export const endedEarly = () => protocolError('The answer of the model server ended early')
export const brokenJson = () => protocolError('The model server sent something that is not valid JSON')
export const unexpectedJson = () => protocolError('The model server sent JSON of an unexpected shape')
export const webPage = () => protocolError('The address answers with a web page, not with a model API')
export const lineTooLong = () => protocolError('The model server sent a line of more than 1 MB')
export const answerTooLarge = () => protocolError('The answer of the model server is too large')
