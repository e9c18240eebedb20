/** What a raw connection got back. */
export interface RawAnswer {
  status: number
  /** Head and body as they came. */
  text: string
}

export interface RawUpload {
  write: (piece: string | Uint8Array) => void
  /** The answer once its head and something of its body are there. Throws after 10 s. */
  answer: () => Promise<RawAnswer>
  /** Cuts the connection. */
  cut: () => void
  isClosed: () => boolean
}

/** A connection on which a test says every byte itself, to cut an upload short or let it stand still. */
export const openUpload = async (url: string): Promise<RawUpload> => {
  let received = ''
  let isClosed = false
  let waiting: Uint8Array[] = []
  const flush = (socket: Bun.Socket) => {
    while (waiting[0]) {
      const written = socket.write(waiting[0])
      if (written < waiting[0].length) {
        waiting[0] = waiting[0].subarray(Math.max(written, 0))
        return
      }
      waiting = waiting.slice(1)
    }
  }
  const close = () => {
    isClosed = true
  }
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: Number(new URL(url).port),
    socket: {
      data: (_, piece) => {
        received += piece.toString()
      },
      drain: flush,
      close,
      error: close,
    },
  })
  const isOver = () => isClosed || /\r\n\r\n./s.test(received)
  return {
    write: (piece) => {
      waiting.push(typeof piece === 'string' ? Buffer.from(piece) : piece)
      flush(socket)
    },
    answer: async () => {
      const giveUpAt = Date.now() + 10_000
      while (!isOver()) {
        if (Date.now() > giveUpAt) throw new Error(`no answer came: ${received.slice(0, 300)}`)
        await Bun.sleep(5)
      }
      return { status: Number(received.split(' ', 2)[1]), text: received }
    },
    cut: () => socket.terminate(),
    isClosed: () => isClosed,
  }
}
