import { readPage } from './read-page.ts'
import { PageError, type PageErrorReason, type PageRequest, type PageText } from './types.ts'

declare const self: Worker

export type PageAnswer = { ok: true; page: PageText } | { ok: false; reason: PageErrorReason; message: string }

const answer = (request: PageRequest): PageAnswer => {
  try {
    return { ok: true, page: readPage(request) }
  } catch (error) {
    if (error instanceof PageError) return { ok: false, reason: error.reason, message: error.message }
    return { ok: false, reason: 'unreadable', message: 'The page cannot be read' }
  }
}

self.onmessage = ({ data }: MessageEvent<PageRequest>) => self.postMessage(answer(data))
