"""Models that hold nothing of a person, each with the reason."""

OF_NOBODY = {
    "network.Article": "a text",
    "network.AdviceOffer": "an offer of an organisation",
    "network.FundingProgramme": "a programme",
    "network.StaleReminder": "which municipality was reminded in which month",
    "network.Seed": "which examples were loaded",
    "network.Showcase": "a place that is shown; its organisation wants it",
    "network.ShowcasePhoto": "credits its author, who must be named as long as the picture is shown",
    "network.WirSpace": "a place that is shown",
    "network.Organisation": "says what an organisation says of itself; its people are OrganisationMember",
    "network.OptOut": "a digest of an address that wants no letters; kept so that the word holds",
    "network.Attendance": "a number of seats",
    "network.Attempt": "a digest that changes every day and is deleted the next",
    "vacancies.VacancyEvent": "earlier states of a vacancy; those of a person's own draft go with it",
    "vacancies.Unit": "part of a building",
    "vacancies.Photo": "credits its author, who must be named as long as the picture is shown",
    "vacancies.SiteText": "a page of text",
}
