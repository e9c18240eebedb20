import { dlopen, ptr } from 'bun:ffi'
import { rmSync } from 'node:fs'

/** Listens where a supervisor would: on a Unix datagram socket, at a path or (`@…`) an abstract name. */
export const listenForDatagrams = (name: string) => {
  const { symbols: c } = dlopen('libc.so.6', {
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
    recv: { args: ['i32', 'ptr', 'usize', 'i32'], returns: 'i64' },
    close: { args: ['i32'], returns: 'i32' },
  })
  const path = Buffer.from(name.startsWith('@') ? `\0${name.slice(1)}` : `${name}\0`)
  const address = Buffer.concat([new Uint8Array([1, 0]), path])
  const socket = c.socket(1, 2, 0)
  if (c.bind(socket, ptr(address), address.length) !== 0) throw new Error(`cannot listen on ${name}`)
  const received: string[] = []
  const buffer = Buffer.alloc(4096)
  const dontWait = 0x40
  const read = () => {
    for (let size = 1; size > 0;) {
      size = Number(c.recv(socket, ptr(buffer), buffer.length, dontWait))
      if (size > 0) received.push(buffer.toString('utf8', 0, size))
    }
    return received
  }
  return {
    /** All messages so far. */
    read,
    async until(isEnough: (messages: string[]) => boolean) {
      while (!isEnough(read())) await Bun.sleep(10)
      return received
    },
    [Symbol.dispose]() {
      c.close(socket)
      if (!name.startsWith('@')) rmSync(name, { force: true })
    },
  }
}
