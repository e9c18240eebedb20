import { dlopen, ptr } from 'bun:ffi'
import { readFileSync } from 'node:fs'

const unixFamily = 1
/** SOCK_DGRAM | SOCK_CLOEXEC. */
const datagram = 2 | 0o2000000
/** MSG_DONTWAIT | MSG_NOSIGNAL. */
const withoutWaiting = 0x40 | 0x4000
/** Bytes of a path in `sockaddr_un`. */
const maxPathBytes = 108

/**
 * The C library that this process already has in it: glibc, or musl by its whole path. Both may be on one machine, and Bun
 * looks for names that the system does not know in the working directory.
 */
const libraryName = (): string =>
  /\S+\/(?:ld-musl|libc\.musl)-[^/\s]+$/m.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? 'libc.so.6'

const openC = () =>
  dlopen(libraryName(), {
    socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
    sendto: { args: ['i32', 'ptr', 'usize', 'i32', 'ptr', 'u32'], returns: 'i64' },
    close: { args: ['i32'], returns: 'i32' },
  }).symbols

/** `sockaddr_un`: a path ends with a zero, an abstract name (`@…`) begins with one and ends with the address. */
const toAddress = (name: string): Uint8Array => {
  const isAbstract = name.startsWith('@')
  const path = Buffer.from(isAbstract ? `\0${name.slice(1)}` : `${name}\0`)
  if (!/^[/@]./.test(name) || path.length > maxPathBytes) throw new Error('NOTIFY_SOCKET names no Unix socket')
  return Buffer.concat([new Uint8Array(new Uint16Array([unixFamily]).buffer), path])
}

export type SendDatagram = (text: string) => void

/**
 * Sends datagrams to a Unix socket, which neither Bun nor Node can: their sockets are streams, or UDP. The function throws
 * when nobody takes what it sends. Throws for a name that is neither a path nor abstract, and where C cannot be called.
 */
export const openNotifySocket = (name: string): SendDatagram => {
  const address = toAddress(name)
  const c = openC()
  return (text) => {
    const bytes = Buffer.from(text)
    const socket = c.socket(unixFamily, datagram, 0)
    try {
      const sent = c.sendto(socket, ptr(bytes), bytes.length, withoutWaiting, ptr(address), address.length)
      if (Number(sent) !== bytes.length) throw new Error('NOTIFY_SOCKET takes no messages')
    } finally {
      if (socket >= 0) c.close(socket)
    }
  }
}
