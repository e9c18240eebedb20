/**
 * True when downloads may use this URL's scheme: https anywhere, http only at a `host:port` that the administrator listed
 * (PRIVATE_HOSTS), since whoever sits in between could change what gets installed.
 */
export const isSchemeAllowed = (url: URL, privateHosts: ReadonlySet<string>): boolean => {
  if (url.protocol === 'https:') return true
  return url.protocol === 'http:' && privateHosts.has(`${url.hostname}:${url.port || 80}`)
}
