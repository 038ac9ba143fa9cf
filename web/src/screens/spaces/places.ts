// The addresses of this area.
export const places = {
  spaces: "/configuration/spaces",
  space: (id: string) => `/configuration/spaces/${encodeURIComponent(id)}`,
};
