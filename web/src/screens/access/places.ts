// The addresses of this area.
const e = encodeURIComponent;

export const places = {
  users: "/configuration/users",
  user: (id: string) => `/configuration/users/${e(id)}`,
  teams: "/configuration/teams",
  team: (id: string) => `/configuration/teams/${e(id)}`,
  roles: "/configuration/roles",
  role: (id: string) => `/configuration/roles/${e(id)}`,
  permissions: (user: string) => `/configuration/permissions?user=${e(user)}`,
};
