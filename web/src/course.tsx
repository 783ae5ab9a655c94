/** The course page: drawn by the server; here it only gets its theme menu, and the way for saved sessions to come back. */
import "./styles/all.css";
import "./styles/course.css";
import { Bring } from "./islands/bring.tsx";
import { closeMenusOutside } from "./islands/menus.ts";
import { ThemeMenu } from "./islands/theme.tsx";
import { mount, readProps } from "./page.ts";

closeMenusOutside();
mount("theme", <ThemeMenu />);
mount("bring", <Bring base={readProps().base} />);
