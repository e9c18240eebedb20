/* global SwaggerUIBundle */
SwaggerUIBundle({
  // Relative, since a proxy may offer all this below a path.
  url: new URL('../../../../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  filter: true,
  // Without this, Swagger UI sends the document to a public validator.
  validatorUrl: null,
})
