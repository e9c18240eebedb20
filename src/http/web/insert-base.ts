/** Not from the root, nor with a scheme: what a browser looks for beside the address that it shows. */
const isRelative = (address: string | null) =>
  address !== null && /^(?![a-z][a-z\d+.-]*:|\/|#|\?|$)/i.test(address.trim())

const isBelow = (path: string, basePath: string) => path === basePath || path.startsWith(`${basePath}/`)

/** What the page says about addresses. */
const survey = (html: string) => {
  const found = { hasBase: false, hasRelative: false }
  new HTMLRewriter()
    .on('base[href]', { element: () => void (found.hasBase = true) })
    .on('[src], link[href]', {
      element(one) {
        found.hasRelative ||= isRelative(one.getAttribute('src')) || isRelative(one.getAttribute('href'))
      },
    })
    .transform(html)
  return found
}

/** Before everything that could have an address in it. The tags of `html` and `head` may be left out in a page. */
const insertFirst = (html: string, tag: string): string => {
  let isDone = false
  return new HTMLRewriter()
    .on('*', {
      element(one) {
        if (isDone || one.tagName === 'html') return
        isDone = true
        if (one.tagName === 'head') one.prepend(tag, { html: true })
        else one.before(tag, { html: true })
      },
    })
    .transform(html)
}

/** The base that the page was built with, as it is below `basePath`. */
const moveBase = (html: string, basePath: string): string =>
  new HTMLRewriter()
    .on('base[href]', {
      element(one) {
        const href = (one.getAttribute('href') ?? '').trim()
        if (isRelative(href) || href === '') one.setAttribute('href', `${basePath}/`)
        else if (href.startsWith('/') && !href.startsWith('//') && !isBelow(href, basePath))
          one.setAttribute('href', basePath + href)
      },
    })
    .transform(html)

/**
 * The page of a client that was built with relative addresses (`./assets/x.js`), made fit for being shown under nested
 * addresses, where the browser would look for `/pages/assets/x.js`: it gets a `<base>`. That also serves what scripts load
 * relative to the page. A page without relative addresses needs none, and stays as it is, since a `<base>` changes what
 * links such as `#top` mean.
 */
export const insertBase = (html: string, basePath: string): string => {
  const { hasBase, hasRelative } = survey(html)
  if (hasBase) return moveBase(html, basePath)
  return hasRelative ? insertFirst(html, `<base href="${basePath}/">`) : html
}
