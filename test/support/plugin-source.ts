import { fakeGithub } from './fake-github.ts'
import { pluginPackage, zipOf } from './plugin-packages.ts'
import { testApp, type TestAppOptions, type TestResponse } from './test-app.ts'

/** Releases of a plugin, the newest first, as `owner/repository` on a GitHub of our own. */
export type Releases = Record<string, { slug: string; versions: string[] }>

/** GitHub's API and the archives of these plugins on loopback; `env` lets a server find them. */
export const startReleases = (releases: Releases) => {
  const archives = new Map<string, Uint8Array>()
  const files = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) => new Response(archives.get(new URL(url).pathname) ?? null),
  })
  const filesHost = `127.0.0.1:${files.port}`
  const toRelease = (repository: string, slug: string, version: string) => {
    const path = `/${repository}/${version}.zip`
    archives.set(path, zipOf(pluginPackage({ slug, version })))
    const asset = {
      name: 'plugin.zip',
      browser_download_url: `http://${filesHost}${path}`,
      size: 1000,
      state: 'uploaded',
    }
    return { tag_name: `v${version}`, published_at: '2026-01-01T00:00:00Z', assets: [asset] }
  }
  const known = Object.fromEntries(
    Object.entries(releases).map(([repository, { slug, versions }]) => [
      repository,
      versions.map((version) => toRelease(repository, slug, version)),
    ]),
  )
  const github = fakeGithub(known)
  return {
    github,
    env: { PRIVATE_HOSTS: `${filesHost},${github.host}`, GITHUB_API_URL: github.url },
    /** Publishes one more version, which becomes the newest. */
    publish: (repository: string, version: string) => {
      const slug = releases[repository]?.slug ?? ''
      known[repository]?.unshift(toRelease(repository, slug, version))
    },
    [Symbol.asyncDispose]: async () => {
      await github[Symbol.asyncDispose]()
      await files.stop(true)
    },
  }
}

/** A server that finds these plugins on GitHub, and more of its settings in `options`. */
export const withReleases = (releases: Releases, options: TestAppOptions = {}) => {
  const source = startReleases(releases)
  const server = testApp({ ...options, env: { ...source.env, ...options.env } })
  const stop = async () => {
    await server.stop()
    await source[Symbol.asyncDispose]()
  }
  return { server, github: source.github, publish: source.publish, stop, [Symbol.asyncDispose]: stop }
}

type FormValue = string | Blob

/** Sends a form, as web clients do. */
export const postForm = async (
  { url, tokenOf }: Pick<ReturnType<typeof testApp>, 'url' | 'tokenOf'>,
  user: string,
  fields: Record<string, FormValue>,
): Promise<Omit<TestResponse, 'headers'>> => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  const headers = { authorization: `Bearer ${await tokenOf(user)}` }
  const response = await fetch(`${url}/api/v1/plugins/install`, { method: 'POST', body: form, headers })
  return { status: response.status, body: await response.json() }
}

/** An archive for a form. */
export const archiveFile = (bytes: Uint8Array, name: string) => new File([new Uint8Array(bytes)], name)
