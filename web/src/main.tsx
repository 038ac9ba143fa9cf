import "./style/base.css";
import "./style/tokens.css";
import "./style/mantine";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { newQueryClient } from "./api/query";
import { start } from "./api/stream/connection";
import { mendStyles } from "./app/again";
import { router } from "./app/router";
import { theme, variables } from "./app/theme";

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
// The kit's scroll lock makes style elements by itself and looks here.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const place = document.getElementById("root");
if (!place) throw new Error("the page has no #root");
start();
mendStyles(nonce);
createRoot(place).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={newQueryClient()}>
        <Notifications position="top-center" autoClose={6000} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
