"""Where the mail provider reports to."""

from django.urls import path

from notifications import views

urlpatterns = [path("hooks/mail/<slug:provider>/", views.mail_events, name="mail-events")]
