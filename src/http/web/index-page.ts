import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { type StaticFile, toStaticFile } from '../docs/static-file.ts'
import { insertBase } from './insert-base.ts'

/** The page as it is sent in each encoding. */
export type IndexPage = Record<'identity' | 'br' | 'gzip', StaticFile>

/** Between size and time for pages of any size: they are compressed while a request waits. */
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

const toIndexPage = (html: string): IndexPage => {
  const type = 'text/html; charset=utf-8'
  return {
    identity: toStaticFile(html, type),
    br: toStaticFile(new Uint8Array(brotliCompressSync(html, quality)), type),
    gzip: toStaticFile(Bun.gzipSync(html), type),
  }
}

/**
 * The `index.html` of a built client, prepared to be shown under any address. Read again when the file changes; while it
 * is missing, as in the middle of a deployment, the last one stays. Undefined when there never was one.
 */
export const createIndexPage = (folder: string, basePath: string): (() => IndexPage | undefined) => {
  const path = join(folder, 'index.html')
  let version = ''
  let page: IndexPage | undefined
  return () => {
    try {
      const { mtimeMs, size, ino } = statSync(path)
      const current = `${mtimeMs} ${size} ${ino}`
      if (current !== version) page = toIndexPage(insertBase(readFileSync(path, 'utf8'), basePath))
      version = current
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
    }
    return page
  }
}
