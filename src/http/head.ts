/**
 * The body of an answer to HEAD. Elysia answers it by the route for GET and reads the body to learn its length; this one
 * has nothing but a length, so that no file is read for it.
 */
export const bodyOfLength = (byteLength: number): ReadableStream =>
  new ReadableStream({
    start(controller) {
      controller.enqueue({ byteLength })
      controller.close()
    },
  })
