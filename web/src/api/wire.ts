// Short names for the documents of the API.
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

// Wire is a document by the name that the API's description has for it.
export type Wire<Name extends keyof Schemas> = Schemas[Name];

export type Space = Wire<"Space">;
export type User = Wire<"User">;
export type Project = Wire<"Project">;
export type ProjectGroup = Wire<"ProjectGroup">;
export type Environment = Wire<"Environment">;
export type Channel = Wire<"Channel">;
export type Lifecycle = Wire<"Lifecycle">;
export type Release = Wire<"Release">;
export type Deployment = Wire<"Deployment">;
export type Task = Wire<"TaskDocument">;
export type Dashboard = Wire<"Board">;
