const MAX_CHARS = 500

/** A repository as a person named it. */
export interface RepositoryUrl {
  /** Lower case, with the port when it is not the scheme's own. */
  host: string
  /** The first name of the path on the host; empty when there is only one. */
  owner: string
  /** The last name of the path, without `.git`. */
  repo: string
  /** `https://host/path` without `.git`, query and fragment (`http` stays what it is). */
  url: string
  isGithub: boolean
}

/**
 * Understands what people paste: with or without scheme, `.git`, a slash at the end, a query, or in the form
 * `git@host:owner/repo`. On GitHub everything behind `owner/repo` is left away. Undefined when it names no repository, has
 * another scheme, such as ssh, or carries a user name or password.
 */
export const parseRepositoryUrl = (text: string): RepositoryUrl | undefined => {
  const url = parseWebUrl(text.trim())
  if (!url) return undefined
  const isGithub = /^(?:www\.)?github\.com$/.test(url.host)
  const names = toNames(url.pathname)
  const path = isGithub ? names.slice(0, 2) : names
  const repo = path.at(-1)
  if (repo === undefined || (isGithub && path.length < 2)) return undefined
  const origin = isGithub ? 'https://github.com' : url.origin
  const owner = path.length > 1 ? (path[0] ?? '') : ''
  return { host: isGithub ? 'github.com' : url.host, owner, repo, url: `${origin}/${path.join('/')}`, isGithub }
}

const parseWebUrl = (text: string): URL | undefined => {
  if (text === '' || text.length > MAX_CHARS || /[\s\p{C}]/u.test(text)) return undefined
  const url = URL.parse(toHttps(text))
  return url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url : undefined
}

const toHttps = (text: string): string => {
  const scp = /^git@([^/:@]+):(?!\/)(.+)$/.exec(text)
  if (scp) return `https://${scp[1]}/${scp[2]}`
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `https://${text}`
}

// Only what hosts allow in names: nothing that could be escaped, and no steps to another folder. Else none at all.
const toNames = (pathname: string): string[] => {
  // GitLab puts its pages about a repository behind `/-/`.
  const [repository = ''] = pathname.split('/-/')
  const names = repository.replace(/\/+$/, '').split('/').slice(1)
  const last = names.length - 1
  const plain = names.map((name, index) => (index === 1 || index === last ? name.replace(/\.git$/i, '') : name))
  return plain.every((name) => /^[\w.~-]{1,100}$/.test(name) && !/^\.+$/.test(name)) ? plain : []
}
