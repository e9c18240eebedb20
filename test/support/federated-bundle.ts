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
  const loadReact = async () => (await Object.values(shared.react)[0].get())()
  ${scope} = {
    init: (scope) => { shared = scope },
    get: async (name) => {
      const chunk = await loadChunk('chunks/' + name.replace('./', '') + '.js')
      const react = await loadReact()
      return () => chunk.create(react)
    },
  }
})()
`

const moduleChunk = (scope: string, name: string, text: string) => `
(self.webpackChunk${scope} ??= []).push({
  name: 'chunks/${name}.js',
  create: (react) => ({
    default: () => react.createElement('p', ${JSON.stringify(text)} + ' rendered with React ' + react.version),
  }),
})
`

/** Files of a plugin whose modules write the text and `rendered with React <version>`, with the React of the page. */
export const federatedBundle = (scope: string, text: string, modules = ['Module']): Record<string, string> => ({
  'dist/remoteEntry.js': remoteEntry(scope),
  ...Object.fromEntries(
    modules.map((name) => [`dist/chunks/${name}.js`, moduleChunk(scope, name, `${name}: ${text}`)]),
  ),
})

/** What a page must know to start plugins: those of a user, or some given ones in the form of the manifest. */
export interface HostedPlugins {
  /** Of the server, without a slash at the end. */
  api: string
  token?: string
  manifest?: Record<string, unknown>
}

/**
 * A page that starts plugins as the web client does (plugins.md 4), once it has got its manifest. Each module becomes a
 * section, each plugin that fails an alert.
 */
export const hostPage = ({ api, token = '', manifest }: HostedPlugins) => `<!doctype html>
<link rel="icon" href="data:,">
<main></main>
<script type="module">
  const api = ${JSON.stringify(api)}
  const fetchManifest = async () => {
    const headers = { authorization: ${JSON.stringify(`Bearer ${token}`)}, 'content-type': 'application/json' }
    const answer = await fetch(api + '/api/v1/plugins/manifest/designer', { credentials: 'include', headers })
    return await answer.json()
  }
  const react = {
    version: '18.3.1',
    createElement: (tag, text) => Object.assign(document.createElement(tag), { textContent: text }),
  }
  const shareScope = { react: { [react.version]: { get: async () => () => react, from: 'host', eager: true } } }
  const bundleUrl = ({ database_id, id, bundlelocation, version }) => {
    if (/^https?:/.test(bundlelocation)) return bundlelocation
    const url = api + '/api/v1/public/plugins/' + (database_id ?? id) + '/' + bundlelocation
    return url.endsWith('remoteEntry.js') && version ? url + '?v=' + version : url
  }
  const loadScript = (src) => new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), { src, async: true })
    script.onload = resolve
    script.onerror = () => reject(new Error('cannot load ' + src))
    document.head.append(script)
  })
  const add = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties)
    element.append(...children)
    document.querySelector('main').append(element)
  }
  const start = async (plugin) => {
    await loadScript(bundleUrl(plugin))
    const container = window[plugin.scope]
    await container.init(shareScope)
    for (const { id, name } of plugin.modules) {
      const factory = await container.get('./' + name)
      add('section', { id }, factory().default())
    }
  }
  for (const plugin of Object.values(${manifest ? JSON.stringify(manifest) : 'await fetchManifest()'})) {
    await start(plugin).catch((error) => add('div', { role: 'alert' }, String(error)))
  }
  add('footer', {}, 'all plugins are started')
</script>`
