import { existsSync } from 'node:fs'
import type { ReleaseTarget } from './targets.ts'

/** How an executable is started here: what comes before its path, or why it cannot be. */
export type Runner = { prefix: string[] } | { problem: string }

const loaders: Record<string, string> = {
  'linux-x64': '/lib64/ld-linux-x86-64.so.2',
  'linux-x64-baseline': '/lib64/ld-linux-x86-64.so.2',
  'linux-x64-musl': '/lib/ld-musl-x86_64.so.1',
  'linux-arm64': '/lib/ld-linux-aarch64.so.1',
  'linux-arm64-musl': '/lib/ld-musl-aarch64.so.1',
}

/** Debian's packages qemu-user-static and libc6-arm64-cross. */
const emulator = '/usr/bin/qemu-aarch64-static'
const emulatedRoot = '/usr/aarch64-linux-gnu'

// Debian packages musl without the C++ library that Bun needs: the system itself must be made of musl.
const isMuslSystem = existsSync('/etc/alpine-release')

export const findRunner = (target: ReleaseTarget): Runner => {
  const loader = loaders[target]
  if (process.platform !== 'linux' || loader === undefined) return { problem: 'it is made for another system' }
  const isMusl = target.endsWith('-musl')
  if (target.startsWith(`linux-${process.arch}`) && isMusl === isMuslSystem && existsSync(loader)) return { prefix: [] }
  if (isMusl) return { problem: 'it needs a system with musl, such as Alpine' }
  if (target === 'linux-arm64' && existsSync(emulator) && existsSync(emulatedRoot + loader))
    return { prefix: [emulator, '-L', emulatedRoot] }
  return { problem: 'it needs another processor (or Debian’s qemu-user-static and libc6-arm64-cross)' }
}
