app-name = Podschool
