"""The pages of participants; the organizer's are with them where they belong to this house."""

from django.urls import URLPattern, URLResolver, include, path

from registrations.views import form, mine, privacy, public

own = [
    path("", mine.mine, name="mine"),
    path("calendar.ics", mine.own_calendar, name="mine-calendar"),
    path("qr.png", mine.qr, name="mine-qr"),
    path("change/", mine.change, name="mine-change"),
    path("cancel/", mine.cancel, name="mine-cancel"),
    path("restore/", mine.restore, name="mine-restore"),
    path("address/", mine.address, name="mine-address"),
    path("another/", mine.another, name="mine-another"),
    path("data/", privacy.data, name="mine-data"),
    path("consents/<int:consent>/withdraw/", privacy.withdraw, name="mine-withdraw"),
    path("erase/", privacy.erase, name="mine-erase"),
    path("unsubscribe/", privacy.unsubscribe, name="mine-unsubscribe"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.home, name="home"),
    path("m/<slug:slug>/", public.meeting_page, name="meeting"),
    path("m/<slug:slug>.ics", public.meeting_calendar, name="meeting-calendar"),
    path("m/<slug:slug>/register/", form.register, name="register"),
    path("m/<slug:slug>/consent/<slug:kind>/", public.consent, name="consent"),
    path("r/<str:token>/", include(own)),
]
