from django.urls import URLPattern, URLResolver, path

from accounts import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("manage/account/", views.account, name="manage-account"),
    path("manage/account/tokens/", views.issue_token, name="manage-token-issue"),
    path(
        "manage/account/tokens/<int:token>/revoke/", views.revoke_token, name="manage-token-revoke"
    ),
]
