// Shows the OpenAPI document with Swagger UI. "Try it out" requests use the session of the user.

const container = document.querySelector("[data-openapi-url]");

window.SwaggerUIBundle({
  domNode: container,
  url: container.dataset.openapiUrl,
  validatorUrl: null,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  requestInterceptor(request) {
    request.headers["X-CSRFToken"] = container.dataset.csrf;
    return request;
  },
});
