import { createParser } from 'eventsource-parser'

export interface SseReading {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into events freely
  events: any[]
  /** Whether `[DONE]` came. */
  isDone: boolean
  /** All `text` fields together. */
  text: string
  comments: string[]
}

/** Follows a stream event by event. `next()` is undefined at the end of the stream. */
export const followSse = (response: Response) => {
  const reading: SseReading = { events: [], isDone: false, text: '', comments: [] }
  const parser = createParser({
    onComment: (comment) => reading.comments.push(comment),
    onEvent: ({ data }) => {
      if (data === '[DONE]') {
        reading.isDone = true
        return
      }
      const event = JSON.parse(data)
      reading.events.push(event)
      if (typeof event.text === 'string') reading.text += event.text
    },
  })
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  const pump = async (): Promise<boolean> => {
    const { done, value } = await reader.read()
    if (!done) parser.feed(decoder.decode(value, { stream: true }))
    return !done
  }
  return {
    reading,
    /** Reads on until the condition holds or the stream ends. */
    async until(condition: (reading: SseReading) => boolean): Promise<SseReading> {
      while (!condition(reading) && (await pump()));
      return reading
    },
    /** Goes away like a closed browser tab. */
    leave: () => reader.cancel(),
  }
}

/** The whole stream. */
export const readSse = (response: Response): Promise<SseReading> => followSse(response).until(() => false)
