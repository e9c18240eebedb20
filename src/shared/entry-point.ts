/** Where the executable keeps its modules; undefined when the source runs. */
const builtRoot = /^.*\/(?:\$bunfs|~BUN)\/root\//.exec(import.meta.url)?.[0]

/** Whether this is the built executable. */
export const isExecutable = builtRoot !== undefined

/** Address of a module that the build lists as an entry point of its own; `path` is inside `src`, without its suffix. */
export const entryPoint = (path: string): string =>
  builtRoot === undefined ? new URL(`../${path}.ts`, import.meta.url).href : `${builtRoot}${path}.js`
