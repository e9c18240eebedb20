import { join } from 'node:path'
import { type TarEntry, tarGzBytes } from './tar-bytes.ts'
import { zipBytes } from './zip-bytes.ts'

export type PackageFiles = Record<string, string | Uint8Array>

export interface PackageOptions {
  slug?: string
  version?: string
  /** Their names. */
  modules?: string[]
  /** More files, or others in the place of these. */
  files?: PackageFiles
  /** More fields of the manifest. */
  manifest?: Record<string, unknown>
}

/** A federation container with these modules, which render their own name. */
export const remoteEntry = (scope: string, modules: string[]) => `var ${scope} = (() => {
  const modules = ${JSON.stringify(modules)};
  return {
    init: async () => {},
    get: async (name) => {
      const known = modules.find((one) => name === './' + one || name === one);
      if (!known) throw new Error('no module ' + name);
      return () => ({ default: () => known });
    },
  };
})();
`

/** A plugin as an author would publish it, described by a `braindrive.plugin.json`. */
export const pluginPackage = ({
  slug = 'Lamp',
  version = '1.0.0',
  modules = ['LampOn', 'LampOff'],
  files = {},
  manifest = {},
}: PackageOptions = {}): PackageFiles => ({
  'braindrive.plugin.json': JSON.stringify({
    schema_version: 1,
    plugin_slug: slug,
    name: `${slug} plugin`,
    description: 'Lights a lamp',
    version,
    scope: slug,
    bundle_location: 'dist/remoteEntry.js',
    permissions: ['api.access'],
    modules: modules.map((name, index) => ({
      name,
      display_name: `The ${name}`,
      priority: index + 1,
      tags: ['light'],
      props: { watts: 60 },
      layout: { minWidth: 2, minHeight: 2 },
    })),
    ...manifest,
  }),
  'package.json': JSON.stringify({ name: slug.toLowerCase(), version }),
  'dist/remoteEntry.js': remoteEntry(slug, modules),
  'README.md': `# ${slug}\n`,
  ...files,
})

/** The files as entries of an archive. */
export const entriesOf = (files: PackageFiles, folder = ''): { name: string; data: string | Uint8Array }[] =>
  Object.entries(files).map(([path, data]) => ({ name: `${folder}${path}`, data }))

/** `folder`: a name with `/` that all files are below of, as in archives of GitHub. */
export const zipOf = (files: PackageFiles, folder = ''): Uint8Array => zipBytes(entriesOf(files, folder))

export const tarGzOf = (files: PackageFiles, folder = '', more: TarEntry[] = []): Uint8Array =>
  tarGzBytes([...entriesOf(files, folder), ...more])

/** Writes the files below a folder. */
export const writePackage = async (folder: string, files: PackageFiles): Promise<void> => {
  for (const [path, content] of Object.entries(files)) await Bun.write(join(folder, path), content)
}
