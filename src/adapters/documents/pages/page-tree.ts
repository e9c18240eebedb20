// What of the DOM is used here: the types of browsers are not those of this program.

export interface PageNode {
  nodeType: number
  nodeName: string
  nodeValue: string | null
  firstChild: PageNode | null
  nextSibling: PageNode | null
  parentNode: PageNode | null
}

export interface PageElement extends PageNode {
  innerHTML: string
  children: Iterable<PageElement>
  getAttribute: (name: string) => string | null
  setAttribute: (name: string, value: string) => void
  removeAttribute: (name: string) => void
  remove: () => void
  closest: (selector: string) => PageElement | null
  querySelector: (selector: string) => PageElement | null
  querySelectorAll: (selector: string) => Iterable<PageElement>
}

export interface PageTree extends PageElement {
  documentElement: PageElement
  body: PageElement
}
