import { describe, expect, test } from 'bun:test'
import { insertBase } from '../../src/http/web/insert-base.ts'
import { isHashedName } from '../../src/http/web/web-files.ts'

describe('isHashedName', () => {
  const hashed = [
    'assets/index-DiwrgTda.js',
    'assets/index-D_9-kXz1.js',
    'assets/index-4bhk2p3d.css',
    'assets/roboto-latin-400-normal-mTIRXP6Y.woff2',
    'static/js/main.8c2f1ab3.chunk.js',
    'main.3f2a1b9c.js',
    'app-abc12345.js',
    'chunk-3f2a1b9c4d5e6f70.js.map',
  ]
  const written = [
    'index.html',
    'sw.js',
    'remoteEntry.js',
    'react-18.2.0.min.js',
    'my-component-settings.js',
    'assets/vendor-polyfills.js',
    'fonts/Inter-SemiBold.woff2',
    'fonts/Roboto-BoldItalic.woff2',
    'photo-20240131.png',
    'logo-original2x.png',
    'apple-touch-icon-180x180.png',
    'icon-1024x1024.png',
    'THIRD-PARTY-COPYRIGHT.txt',
    'notes-release2024.txt',
    'assets/index.js',
  ]
  test('sees hashes of bundlers', () => {
    expect(hashed.filter((name) => !isHashedName(name))).toEqual([])
  })
  test('takes no written name for one', () => {
    expect(written.filter((name) => isHashedName(name))).toEqual([])
  })
  test('sees nearly all that are random', () => {
    const count = 2000
    const seen = (name: (bytes: Buffer) => string) =>
      Array.from({ length: count }, () => name(Buffer.from(crypto.getRandomValues(new Uint8Array(8))))).filter(
        isHashedName,
      )
    expect(seen((bytes) => `assets/a-${bytes.toString('base64url').slice(0, 8)}.js`).length / count).toBeGreaterThan(
      0.98,
    )
    expect(seen((bytes) => `a.${bytes.toString('hex').slice(0, 8)}.js`).length / count).toBeGreaterThan(0.9)
    expect(seen((bytes) => `a.${bytes.toString('hex').repeat(2)}.js`).length / count).toBeGreaterThan(0.99)
  })
})

describe('insertBase', () => {
  const base = (path = '') => `<base href="${path}/">`

  test('comes before all that could have an address, also without head and html', () => {
    const tags = '<script src="./a.js"></script>'
    expect(insertBase(`<!doctype html><html><head><meta>${tags}</head></html>`, '/brain')).toBe(
      `<!doctype html><html><head>${base('/brain')}<meta>${tags}</head></html>`,
    )
    expect(insertBase(`<!doctype html>${tags}`, '')).toBe(`<!doctype html>${base()}${tags}`)
    expect(insertBase(`<html>${tags}`, '')).toBe(`<html>${base()}${tags}`)
  })

  test('is left out where nothing is relative', () => {
    const page =
      '<head><link href="/a.css"><script src="https://x/y.js"></script><a href="#top">x</a><img src="data:,">'
    expect(insertBase(page, '/brain')).toBe(page)
    expect(insertBase('<p>hello <head></p>', '')).toBe('<p>hello <head></p>')
    for (const src of ['a.js', './a.js', '../a.js', 'assets/a.js', ' a.js'])
      expect(insertBase(`<script src="${src}"></script>`, '')).toStartWith(base())
  })

  test('of the page itself is kept, and moved below the path of the server', () => {
    const page = (href: string) => `<head><base href="${href}"><script src="a.js"></script>`
    expect(insertBase(page('/'), '')).toBe(page('/'))
    expect(insertBase(page('/'), '/brain')).toBe(page('/brain/'))
    expect(insertBase(page('/app/'), '/brain')).toBe(page('/brain/app/'))
    expect(insertBase(page('/brain/'), '/brain')).toBe(page('/brain/'))
    expect(insertBase(page('./'), '/brain')).toBe(page('/brain/'))
    expect(insertBase(page('https://cdn.example/'), '/brain')).toBe(page('https://cdn.example/'))
    expect(insertBase(page('//cdn.example/'), '/brain')).toBe(page('//cdn.example/'))
  })
})
