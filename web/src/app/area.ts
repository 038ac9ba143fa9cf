// An area is a folder of screens. Its file area.ts says which screens it has,
// where they are and what of them stands in the menus; nothing else needs to
// know of them.
import type { ComponentType } from "react";

export type Screen = {
  // path is below #: $name stands for one segment.
  path: string;
  load: () => Promise<{ default: ComponentType }>;
  // needs is the permission without which the screen only says so.
  needs?: string;
};

export type Entry = {
  label: string;
  // path is where the entry leads: of space's menus below #/{space}, of
  // projects' below #/{space}/projects/{project}; one with a slash in front is
  // the same everywhere.
  path: string;
  // also is a further path whose pages belong to it.
  also?: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
  order: number;
  needs?: string;
};

export type Area = {
  screens: Screen[];
  space?: Entry[];
  project?: Entry[];
  system?: Entry[];
  // redirects lead old and foreign addresses to ours, with the same names.
  redirects?: Record<string, string>;
};

export const area = (a: Area): Area => a;
