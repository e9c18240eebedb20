/** Whether `If-None-Match` names the tag, so that the answer is 304: a list, or `*` for whatever there is. Weak tags match, too. */
export const isKnownTag = (ifNoneMatch: string | null, etag: string): boolean => {
  if (ifNoneMatch === null) return false
  return ifNoneMatch.trim() === '*' || (ifNoneMatch.match(/"[^"]*"/g)?.includes(etag) ?? false)
}
