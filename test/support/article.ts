/** A page as sites make them: an article among navigation, advertisements and scripts. */
export const articlePage = (title: string, body: string, site = 'The Daily Hive') => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title} | ${site}</title>
<style>p { color: red }</style><script>var secret = "script text"</script></head>
<body><header><div>Sign in to ${site}</div></header>
<nav><ul><li><a href="/">Home</a></li><li><a href="/about">About us</a></li></ul></nav>
<main><article><h1>${title}</h1>${body}</article></main>
<aside>Advertisement: buy honey</aside><footer>Copyright by nobody</footer></body></html>`

export const paragraphs = (count: number) =>
  Array.from(
    { length: count },
    (_, index) =>
      `<p>Paragraph ${index} tells of bumblebees, which fly in the cold, live <a href="/tundra">on the tundra</a>, and are well studied.</p>`,
  ).join('')
