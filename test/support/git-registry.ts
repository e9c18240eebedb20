import { join } from 'node:path'
import { git, gitServer, makeRepository } from './git-server.ts'
import { pluginPackage, type PackageOptions } from './plugin-packages.ts'
import { tempFolder } from './temp-folder.ts'

/** A Git server with these plugins, each tagged `v1.0.0` in a repository of its name, and a registry that lists them. */
export const gitRegistry = async (slugs: string[]) => {
  const folder = await tempFolder()
  const gits = gitServer(folder.path)
  const urlOf = (slug: string) => `${gits.url}/${slug}`
  const publish = async (slug: string, version: string, options: PackageOptions = {}) => {
    await makeRepository(join(folder.path, slug), pluginPackage({ slug, version, ...options }))
    await git(join(folder.path, slug), 'tag', `v${version}`)
  }
  for (const slug of slugs) await publish(slug, '1.0.0')
  const registry = join(folder.path, 'registry.json')
  const toEntry = (slug: string) => ({
    slug,
    name: slug,
    repo_url: urlOf(slug),
    description: 'Lights a lamp',
    author: 'Ada',
  })
  await Bun.write(registry, JSON.stringify({ plugins: slugs.map(toEntry) }))
  return {
    urlOf,
    publish,
    /** What was asked of the Git server so far. */
    requests: gits.requests,
    env: { PRIVATE_HOSTS: gits.host, PLUGIN_REGISTRY_URL: registry },
    async [Symbol.asyncDispose]() {
      await gits[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
