/** The container of a plugin in the form that webpack's module federation gives it, with `publicPath: 'auto'`. */
const remoteEntry = (scope: string) => `
var ${scope};
(() => {
  const publicPath = document.currentScript.src.replace(/[?#].*$/, '').replace(/[^/]+$/, '')
  const arrived = (self.webpackChunk${scope} ??= [])
  const loadChunk = (name) => new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = publicPath + name
    script.onload = () => resolve(arrived.find((chunk) => chunk.name === name))
    script.onerror = () => reject(new Error('cannot load ' + script.src))
    document.head.append(script)
  })
  let shared
  ${scope} = {
    init: (scope) => { shared = scope },
    get: (name) => name === './Module'
      ? loadChunk('chunks/module.js').then((chunk) => () => chunk.create(shared))
      : Promise.reject(new Error('no module ' + name)),
  }
})()
`

const moduleChunk = (scope: string) => `
(self.webpackChunk${scope} ??= []).push({
  name: 'chunks/module.js',
  create: (shared) => ({ default: (element) => { element.textContent = 'rendered with ' + shared.library } }),
})
`

/** Files of a plugin with one module, which writes \`rendered with <shared library>\` into an element. */
export const federatedBundle = (scope: string): Record<string, string> => ({
  'dist/remoteEntry.js': remoteEntry(scope),
  'dist/chunks/module.js': moduleChunk(scope),
})

/** A page that loads a plugin as the web client does (plugins.md 4). */
export const hostPage = (bundleUrl: string, scope: string) => `<!doctype html>
<link rel="icon" href="data:,">
<main></main>
<script type="module">
  const script = document.createElement('script')
  script.src = ${JSON.stringify(bundleUrl)}
  script.async = true
  await new Promise((resolve, reject) => {
    script.onload = resolve
    script.onerror = reject
    document.head.append(script)
  })
  const container = window[${JSON.stringify(scope)}]
  await container.init({ library: 'React' })
  const factory = await container.get('./Module')
  factory().default(document.querySelector('main'))
</script>`
