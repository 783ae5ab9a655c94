/** The course page: drawn by the server; here it only gets its theme menu. */
import "./styles/all.css";
import "./styles/course.css";
import { closeMenusOutside } from "./islands/menus.ts";
import { ThemeMenu } from "./islands/theme.tsx";
import { mount } from "./page.ts";

closeMenusOutside();
mount("theme", <ThemeMenu />);
